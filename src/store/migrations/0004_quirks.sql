-- What a publisher's server was found not to bear, as JSON; null: nothing.

alter table feed add column quirks text;
