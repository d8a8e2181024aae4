import { secret } from "encore.dev/config";

const name = "Name";
export const inArrow = () => secret("InArrow")();
export function inFunction() {
  const key = secret("InFunction");
  return key();
}
export class Payments {
  key() {
    return secret("InMethod")();
  }
}
export const inObject = {
  key() {
    return secret("InObject")();
  },
};
secret("Unbound");
export default secret("Default");
export const unnamed = secret();
export const constant = secret(name);
export const template = secret(`Template`);
