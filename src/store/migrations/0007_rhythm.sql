-- What is learned of a feed's rhythm (bytes, see domain::feed::rhythm), and what was weighed for its next poll
-- (JSON). The salt is this store's own: hashes made with it put feeds at other times than elsewhere.

alter table feed add column rhythm blob;
alter table feed add column terms text;

insert into meta (key, value, at) values ('salt', lower(hex(randomblob(8))), 0);
