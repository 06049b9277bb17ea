-- held: where the reader works, one row a site, once as the filters narrow it and once as it is; included by `page` and `counts`.
-- Parameters: sites, roles (those held there, with commas; `*` where the reader sees every role's work), filtered.
SELECT h.site, h.filtered, h.roles = '*' AS everyone, string_to_array(h.roles, ',')::varchar[] AS roles
FROM unnest(%(sites)s::bigint[], %(roles)s::text[], %(filtered)s::boolean[]) AS h (site, roles, filtered)
