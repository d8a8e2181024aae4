CREATE TABLE product_tags (
    product_id integer NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    tag text NOT NULL CHECK (tag = lower(tag)),
    PRIMARY KEY (product_id, tag)
);

CREATE INDEX product_tags_by_tag ON product_tags (tag, product_id);
