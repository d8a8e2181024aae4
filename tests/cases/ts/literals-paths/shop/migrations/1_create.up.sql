CREATE TABLE orders (id text);
