// Never read by Encore: it skips tests.
import { describe, expect, it } from "vitest";
import { check%Thing% } from "./%things%-rules";

describe("%things%", () => {
  for (const amount of [%int%, %big%, %int%]) {
    it(`accepts ${amount}`, () => {
      expect(check%Thing%({ ...example, amountCents: amount })).toEqual([]);
    });
  }
});
