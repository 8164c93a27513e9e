# SPDX-License-Identifier: Apache-2.0
if MOCK
dist_man_MANS += %D%/fargate-mock.1 %D%/fargate-mock.conf.5
endif

if SERVER
dist_man_MANS += %D%/aws_fargate_task.7 \
	%D%/aws_fargate_task_server.conf.5 \
	%D%/aws-fargate-server-nodeattestor.8
else
if AGENT
dist_man_MANS += %D%/aws_fargate_task.7
endif
endif
if AGENT
dist_man_MANS += %D%/aws_fargate_task_agent.conf.5 \
	%D%/aws-fargate-nodeattestor.8
endif

if EXAMPLES
dist_man_MANS += %D%/spire-cli.1
endif

# All pages as HTML, for a browser or a package of documentation: not a part of
# "make all" and "make install", since it takes mandoc.
EXTRA_DIST += %D%/make-html %D%/style.css $(man_pages)
man_pages = \
	%D%/aws-fargate-nodeattestor.8 \
	%D%/aws-fargate-server-nodeattestor.8 \
	%D%/aws_fargate_task.7 \
	%D%/aws_fargate_task_agent.conf.5 \
	%D%/aws_fargate_task_server.conf.5 \
	%D%/fargate-mock.1 \
	%D%/fargate-mock.conf.5 \
	%D%/spire-cli.1

html-local: %D%/html/index.html
%D%/html/index.html: $(man_pages) %D%/make-html %D%/style.css
	$(AM_V_GEN)$(SHELL) $(srcdir)/%D%/make-html $(srcdir)/%D% $(@D) \
		"$(PACKAGE_NAME) $(PACKAGE_VERSION)"
install-html-local: html-local
	$(MKDIR_P) "$(DESTDIR)$(htmldir)"
	$(INSTALL_DATA) %D%/html/*.html %D%/html/style.css \
		"$(DESTDIR)$(htmldir)"
uninstall-local: uninstall-html
.PHONY: uninstall-html
uninstall-html:
	for page in index $(man_pages); do \
		rm -f "$(DESTDIR)$(htmldir)/$${page##*/}.html"; \
	done
	rm -f "$(DESTDIR)$(htmldir)/style.css"
mostlyclean-local: clean-html
.PHONY: clean-html
clean-html:
	rm -rf %D%/html
