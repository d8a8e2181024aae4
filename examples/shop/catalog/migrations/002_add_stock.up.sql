ALTER TABLE products ADD COLUMN stock integer NOT NULL DEFAULT 0 CHECK (stock >= 0);

-- One line for each product of an order. The key makes taking stock repeatable: a message that
-- arrives twice finds its line already there.
CREATE TABLE stock_movements (
    order_id uuid NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    quantity integer NOT NULL CHECK (quantity > 0),
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, product_id)
);
