import { SQLDatabase } from "encore.dev/storage/sqldb";

// Declared here, used nowhere: that alone gives no access.
export const own = new SQLDatabase("own");
