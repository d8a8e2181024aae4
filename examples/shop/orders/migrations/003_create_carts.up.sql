CREATE TABLE cart_lines (
    customer text NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (customer, product_id)
);
