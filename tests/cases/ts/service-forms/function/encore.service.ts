import { Service } from "encore.dev/service";

function make() {
  return new Service("function");
}

export default make();
