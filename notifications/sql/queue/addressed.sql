-- addressed: work for the roles that the reader holds at the site, now or before; a lead sees every role's.
AND (s.everyone OR w.audience = ANY (s.roles) OR w.also_for && s.roles)
