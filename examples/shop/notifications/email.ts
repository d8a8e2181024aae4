import { secret } from "encore.dev/config";
import log from "encore.dev/log";

const MAIL_API = "https://mail.example.com/v1/messages";

const emailApiKey = secret("EmailApiKey");

export interface Email {
  to: string;
  subject: string;
  text: string;
}

/** Hands a mail to the mail company, or only logs it while one develops and has no key. */
export async function sendEmail(email: Email): Promise<void> {
  const key = emailApiKey();
  if (key === "" || key === "log-only") {
    log.info("this mail is only logged", { ...email });
    return;
  }
  const response = await fetch(MAIL_API, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(email),
  });
  if (!response.ok) {
    // A subscription that throws gets its message again, later.
    throw new Error(`the mail company answered ${response.status}`);
  }
}
