import { Lister, Remover } from "encore.dev/storage/objects";

export type Cleaner = Lister & Remover;
// The name alone decides, whatever is behind it.
export interface Attrser {
  size: number;
}
