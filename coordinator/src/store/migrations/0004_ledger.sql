-- The ledger becomes a chain of hashes, and what was granted may be taken back. Rows from before get
-- their place in the chain in the same transaction, from the code that made this step: see open.rs.
alter table ledger rename column "grant" to amount;
alter table ledger rename column granted_at to at;
-- What was claimed is not kept: those who agree claim the same, and get it.
alter table ledger drop column claim;
-- 0 grants, 1 takes back.
alter table ledger add column kind integer not null default 0;
-- BLAKE3 over the chain of the row before and this row: 32 bytes.
alter table ledger add column chain blob not null default x'';
