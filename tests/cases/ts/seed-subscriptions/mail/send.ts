import log from "encore.dev/log";

export async function sendEmail(userId: string, orderId: string): Promise<void> {
  log.info("your order is on its way", { userId, orderId });
}
