-- Who lends which hosts that are not forgotten, and which invites carry whose name. Rows from before get both in
-- the same transaction, from the code that made this step: see open.rs.
alter table host add column forgotten integer not null default 0;
create index host_volunteer on host (volunteer, id) where forgotten = 0;
alter table invite add column volunteer text;
create index invite_volunteer on invite (volunteer) where volunteer is not null;
