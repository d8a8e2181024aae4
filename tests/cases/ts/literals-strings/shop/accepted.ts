import { SQLDatabase } from "encore.dev/storage/sqldb";

export const double = new SQLDatabase("double-quotes");
export const single = new SQLDatabase('single-quotes');
export const escaped = new SQLDatabase("with-\x65scapes-\u{6f}f-\u0061ny-kind");
export const commented = new SQLDatabase(
  /* the name */ "beside-comments", // and behind it
);
export const more = new SQLDatabase("more-arguments", {}, "ignored");
export const empty = new SQLDatabase("");
