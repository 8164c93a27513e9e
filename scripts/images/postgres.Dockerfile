# SPDX-License-Identifier: Apache-2.0
#
# Debian's PostgreSQL in place of the official image, where it cannot be
# pulled; scripts/base-images builds it.  The user has the official one's uid.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN groupadd -r -g 999 postgres \
	&& useradd -r -g postgres -u 999 -d /var/lib/postgresql postgres \
	&& mkdir -p /etc/postgresql-common \
	&& echo 'create_main_cluster = false' \
		>/etc/postgresql-common/createcluster.conf \
	&& apt-get update \
	&& apt-get install -y --no-install-recommends postgresql \
	&& rm -rf /var/lib/apt/lists/* \
	&& ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
	&& mkdir -p /var/lib/postgresql/data \
	&& chown postgres:postgres /var/lib/postgresql/data \
	&& chmod 700 /var/lib/postgresql/data
COPY postgres.sh /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# SIGTERM would wait for all clients to leave.
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres.sh"]
CMD ["postgres"]
