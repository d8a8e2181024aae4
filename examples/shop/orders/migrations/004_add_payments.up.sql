ALTER TABLE orders
    ADD COLUMN payment_id text UNIQUE,
    ADD COLUMN paid_at timestamptz,
    ADD CONSTRAINT paid_orders_have_a_payment
        CHECK (status <> 'paid' OR (payment_id IS NOT NULL AND paid_at IS NOT NULL));

-- The housekeeping job looks for old unpaid orders only.
CREATE INDEX unpaid_orders ON orders (placed_at) WHERE status = 'placed';
