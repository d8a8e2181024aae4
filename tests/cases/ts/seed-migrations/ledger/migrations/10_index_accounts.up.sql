CREATE INDEX entries_account ON entries (account, booked_at);
