ALTER TABLE entries ADD COLUMN booked_at timestamptz NOT NULL DEFAULT now();
