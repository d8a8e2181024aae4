export interface Order {
  id: number;
}
export const sum = () => 1;
export default (of: () => number) => of();
