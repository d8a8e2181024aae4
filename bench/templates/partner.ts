const %main%ApiKey = secret("%Main%ApiKey");
const %main%ApiUrl = "https://api.%word%.example/v%digit%/%things%";

/** What the partner tells about one %thing%; fields that we never read are left out. */
interface Partner%Thing% {
  reference: string;
  state: "open" | "closed" | "%word%";
  price: { amount: string; currency: string };
  lines?: Array<{ code: string; units: number; unitPrice: string }>;
}

export class Partner%Thing%Error extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(`partner answered ${status}: ${message}`);
    this.name = "Partner%Thing%Error";
  }
}

/** The partner's HTTP interface. %Why%. */
export class Partner%Thing%Client {
  private calls = 0;

  constructor(private readonly timeoutMs = %int%00) {}

  async find(reference: string): Promise<Partner%Thing% | null> {
    const response = await this.send("GET", `/${encodeURIComponent(reference)}`);
    if (response.status === 404) {
      return null;
    }
    return (await this.checked(response)) as Partner%Thing%;
  }

  async push(%thing%: %Thing%): Promise<string> {
    const body = {
      reference: `%digit%-${%thing%.id}`,
      price: { amount: (%thing%.amountCents / 100).toFixed(2), currency: "EUR" },
      lines: [{ code: %thing%.%t1%, units: %thing%.%n1%, unitPrice: "%int%.00" }],
    } satisfies Omit<Partner%Thing%, "state">;
    const answer = (await this.checked(await this.send("POST", "", body))) as { id?: string };
    return answer.id ?? body.reference;
  }

  private async send(method: string, path: string, body?: unknown): Promise<Response> {
    this.calls += 1;
    return fetch(`${%main%ApiUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${%main%ApiKey()}`,
        "Content-Type": "application/json",
        "X-Call": String(this.calls),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(this.timeoutMs),
    });
  }

  private async checked(response: Response): Promise<unknown> {
    if (!response.ok) {
      throw new Partner%Thing%Error(response.status, (await response.text()).slice(0, %int%0));
    }
    return response.json();
  }
}
