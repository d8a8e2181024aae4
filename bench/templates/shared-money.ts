/** `1234567` becomes `12,345.67`. Cents are integers everywhere; only people see a point. */
export function formatCents(cents: number, currency = "EUR"): string {
  const sign = cents < 0 ? "-" : "";
  const whole = Math.floor(Math.abs(cents) / 100).toLocaleString("en");
  return `${sign}${whole}.${String(Math.abs(cents) % 100).padStart(2, "0")} ${currency}`;
}
