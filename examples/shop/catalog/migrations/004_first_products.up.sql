WITH added AS (
    INSERT INTO products (name, description, price_cents, stock) VALUES
        ('Oak desk', 'A desk of solid oak, 140 × 70 cm', 42900, 12),
        ('Reading lamp', 'Warm light, brass, with a long cord', 8900, 40),
        ('Notebook', 'A5, 192 pages, dotted', 1450, 300)
    RETURNING id, name
)
INSERT INTO product_tags (product_id, tag)
SELECT added.id, tags.tag
FROM added
JOIN (VALUES
    ('Oak desk', 'furniture'),
    ('Oak desk', 'office'),
    ('Reading lamp', 'light'),
    ('Reading lamp', 'office'),
    ('Notebook', 'paper')
) AS tags (name, tag) ON tags.name = added.name;
