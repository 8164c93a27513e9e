# SPDX-License-Identifier: Apache-2.0
if MOCK
dist_man_MANS += %D%/fargate-mock.1 %D%/fargate-mock.conf.5
endif
