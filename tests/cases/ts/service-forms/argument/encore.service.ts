import { Service } from "encore.dev/service";

const logged = <T>(value: T) => value;

export default logged(new Service("argument"));
