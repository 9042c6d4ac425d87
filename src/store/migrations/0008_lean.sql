-- A story is known by the entry it began with, whose title nobody asked for here. From this version on, the
-- column `body_html` holds `<p>` or `<>` where the HTML says no more than `body`: each paragraph in a <p>, or bare
-- text. Other HTML stands as it is, as in all older rows.

alter table story drop column title;
