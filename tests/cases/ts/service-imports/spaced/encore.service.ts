import * as encore from "encore.dev/service";

export default new encore.Service("spaced");
