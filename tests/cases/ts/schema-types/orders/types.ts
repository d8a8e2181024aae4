export class Money {
  constructor(readonly cents: number) {}
}
export enum State {
  Open,
}
export interface Line {
  price: number | null;
  state: State;
  placedAt: Date;
  tags: readonly string[];
  parent?: Line;
  note: string | undefined;
}
