/** The price after rebate, never below zero. %Why%. */
export function %thing%Net(%thing%: %Thing%, rebatePercent: number): number {
  const factor = Math.min(Math.max(rebatePercent, 0), %int%);
  const net = %thing%.amountCents - Math.floor((%thing%.amountCents * factor) / 100);
  if (%thing%.%n1% > %int%) {
    return Math.max(net - %thing%.%n1% * %int%, 0);
  }
  return Math.max(net, 0);
}
//---
/** How urgent a %thing% is, from 0 (whenever) to 100 (now). */
export function %thing%Urgency(%thing%: %Thing%, now: Date = new Date()): number {
  const days = (now.getTime() - %thing%.createdAt.getTime()) / 86_400_000;
  let score = Math.min(days * %int%, 60);
  switch (%thing%.status) {
    case "%s1%":
      score += %int%;
      break;
    case "%s2%":
      score += 5; // %why%
      break;
    case "%s3%":
      return 0;
  }
  if (%thing%.tags.includes("%word%") || %thing%.tags.includes("%word%")) {
    score *= 1.%int%;
  }
  return Math.round(Math.min(score, 100));
}
//---
/** By owner, each group with the dearest first. */
export function %things%ByOwner(%things%: readonly %Thing%[]): Map<string, %Thing%[]> {
  const groups = new Map<string, %Thing%[]>();
  for (const %thing% of %things%) {
    const group = groups.get(%thing%.ownerId);
    if (group === undefined) {
      groups.set(%thing%.ownerId, [%thing%]);
    } else {
      group.push(%thing%);
    }
  }
  for (const group of groups.values()) {
    group.sort((a, b) => b.amountCents - a.amountCents || a.name.localeCompare(b.name));
  }
  return groups;
}
//---
export const %THING%_LIMITS = {
  minimum: %int%,
  maximum: %big%,
  perOwner: %int%,
  names: ["%word%", "%word%", "%word%", "%word%"],
  retries: { first: %int%, then: [%int%, %int%, %big%] },
} as const;

/** What is wrong with a %thing%, one sentence each; nothing wrong is an empty list. */
export function check%Thing%(%thing%: %Thing%): string[] {
  const problems: string[] = [];
  if (%thing%.name.length === 0 || %thing%.name.length > 200) {
    problems.push("the name must have 1 to 200 characters");
  }
  if (%thing%.amountCents < %THING%_LIMITS.minimum) {
    problems.push(`the amount is below ${%THING%_LIMITS.minimum}`);
  } else if (%thing%.amountCents > %THING%_LIMITS.maximum) {
    problems.push(`the amount is above ${%THING%_LIMITS.maximum}`);
  }
  if (%thing%.%n1% > %big% && %thing%.status === "%s1%") {
    problems.push("%n1% is too high for a %thing% that is %s1%");
  }
  if (!/^[a-z][\w -]*$/i.test(%thing%.%t1%)) {
    problems.push("%t1% has characters that the label printer cannot print");
  }
  if (%thing%.tags.length !== new Set(%thing%.tags).size) {
    problems.push("a tag stands twice");
  }
  return problems;
}
//---
/** One line for a person, e.g. in a mail or a log. %Why%. */
export function describe%Thing%(%thing%: %Thing%): string {
  const parts = [
    `%thing% ${%thing%.name}`,
    %thing%.status === "%s1%" ? "waits" : `is ${%thing%.status}`,
    %thing%.amountCents > %big% ? "(large)" : undefined,
    `%n1% ${%thing%.%n1%.toLocaleString("en")}`,
    %thing%.tags.length > 0 ? `tagged ${%thing%.tags.join(", ")}` : undefined,
  ];
  return parts.filter((part): part is string => part !== undefined).join(" ");
}
//---
type %Thing%Step = { from: %Thing%Status; to: %Thing%Status; allowed: (%thing%: %Thing%) => boolean };

// The order matters: the first rule that fits decides.
const %THING%_STEPS: readonly %Thing%Step[] = [
  { from: "%s1%", to: "%s2%", allowed: (%thing%) => %thing%.amountCents > 0 },
  { from: "%s2%", to: "%s3%", allowed: (%thing%) => %thing%.%n1% >= %int% },
  { from: "%s2%", to: "%s1%", allowed: ({ tags }) => !tags.includes("%word%") },
  { from: "%s1%", to: "%s3%", allowed: () => false },
];

/** Whether a %thing% may go on to `to`, and if not, why. */
export function next%Thing%(%thing%: %Thing%, to: %Thing%Status): { ok: true } | { ok: false; why: string } {
  const step = %THING%_STEPS.find((each) => each.from === %thing%.status && each.to === to);
  if (step === undefined) {
    return { ok: false, why: `a %thing% never goes from ${%thing%.status} to ${to}` };
  }
  return step.allowed(%thing%) ? { ok: true } : { ok: false, why: `not allowed for ${%thing%.name}` };
}
//---
/** Totals of many, in one pass. */
export function total%Things%(%things%: Iterable<%Thing%>): { count: number; cents: number; %n1%: number } {
  const totals = { count: 0, cents: 0, %n1%: 0 };
  for (const { amountCents, %n1%, status } of %things%) {
    if (status === "%s3%") {
      continue;
    }
    totals.count += 1;
    totals.cents += amountCents;
    totals.%n1% += %n1% ?? 0;
  }
  return totals;
}
//---
/**
 * Splits an amount into parts that differ by a cent at most.
 *
 * %Why%. The last part takes what rounding leaves, so that the sum is always the amount itself;
 * a sum that is off by one cent costs more in mails than the cent is worth.
 */
export function split%Thing%(%thing%: %Thing%, parts: number): number[] {
  if (!Number.isInteger(parts) || parts < 1) {
    throw new RangeError(`cannot split into ${parts} parts`);
  }
  const base = Math.floor(%thing%.amountCents / parts);
  const rest = %thing%.amountCents - base * parts;
  return Array.from({ length: parts }, (_, index) => base + (index >= parts - rest ? 1 : 0));
}
//---
/** Both lists merged by id; the newer of two wins. */
export function merge%Things%(left: readonly %Thing%[], right: readonly %Thing%[]): %Thing%[] {
  const merged = new Map(left.map((%thing%) => [%thing%.id, %thing%]));
  for (const candidate of right) {
    const present = merged.get(candidate.id);
    if (present === undefined || present.updatedAt < candidate.updatedAt) {
      merged.set(candidate.id, candidate);
    }
  }
  return [...merged.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
//---
const %THING%_PATTERN = /^(?<prefix>[A-Z]{2,4})-(?<number>\d{%digit%,8})(?:\/(?<part>\d+))?$/;

/** Reads what people write on paper: `AB-123456/2`. */
export function parse%Thing%Number(text: string): { prefix: string; number: number; part: number } | null {
  const match = %THING%_PATTERN.exec(text.trim().toUpperCase());
  if (match?.groups === undefined) {
    return null;
  }
  const { prefix, number, part } = match.groups;
  return { prefix, number: Number.parseInt(number, 10), part: part ? Number(part) : %int% };
}
//---
/** A %thing% without what only its owner may see. */
export function public%Thing%(%thing%: %Thing%): Omit<%Thing%, "ownerId" | "tags"> {
  const { ownerId: _owner, tags: _tags, ...rest } = %thing%;
  return { ...rest, name: rest.name.replace(/[^\p{L}\p{N} ]/gu, "").slice(0, %int%) };
}
//---
/** Median instead of mean: %why%. */
export function median%Thing%(%things%: readonly %Thing%[], of: (%thing%: %Thing%) => number = (it) => it.%n1%): number {
  const values = %things%.map(of).filter(Number.isFinite).sort((a, b) => a - b);
  if (values.length === 0) {
    return 0;
  }
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
//---
/** The days on which something happened to a %thing%, with how often. */
export function %thing%Calendar(%things%: readonly %Thing%[], days = %int%): Record<string, number> {
  const calendar: Record<string, number> = {};
  const start = Date.now() - days * 24 * 60 * 60 * 1000;
  for (const %thing% of %things%) {
    for (const when of [%thing%.createdAt, %thing%.updatedAt]) {
      if (when.getTime() >= start) {
        const day = when.toISOString().slice(0, 10);
        calendar[day] = (calendar[day] ?? 0) + 1;
      }
    }
  }
  return calendar;
}
//---
export class %Thing%Filter {
  private readonly tests: Array<(%thing%: %Thing%) => boolean> = [];

  status(...wanted: %Thing%Status[]): this {
    this.tests.push(({ status }) => wanted.includes(status));
    return this;
  }

  atLeast(cents: number): this {
    this.tests.push((%thing%) => %thing%.amountCents >= cents);
    return this;
  }

  named(part: string): this {
    const lower = part.toLowerCase();
    this.tests.push(({ name, %t1% }) => name.toLowerCase().includes(lower) || %t1%.includes(part));
    return this;
  }

  /** %Why%. */
  apply(%things%: readonly %Thing%[], limit: number = %int%): %Thing%[] {
    const kept: %Thing%[] = [];
    for (const %thing% of %things%) {
      if (this.tests.every((test) => test(%thing%))) {
        kept.push(%thing%);
      }
      if (kept.length === limit) {
        break;
      }
    }
    return kept;
  }
}
//---
/** What changed between two versions, for the log that auditors read. */
export function %thing%Changes(before: %Thing%, after: %Thing%): Array<{ field: string; from: string; to: string }> {
  const changes: Array<{ field: string; from: string; to: string }> = [];
  for (const field of ["name", "status", "amountCents", "%n1%", "%t1%"] as const) {
    if (before[field] !== after[field]) {
      changes.push({ field, from: String(before[field]), to: String(after[field]) });
    }
  }
  if (before.tags.join() !== after.tags.join()) {
    const gone = before.tags.filter((tag) => !after.tags.includes(tag));
    const come = after.tags.filter((tag) => !before.tags.includes(tag));
    changes.push({ field: "tags", from: gone.join(" "), to: come.join(" ") });
  }
  return changes;
}
