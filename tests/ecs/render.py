# SPDX-License-Identifier: Apache-2.0
"""Make the JSON files of examples/ecs anew from the templates."""

import os

import cfn

for path, document in cfn.generated().items():
    with open(path, "w", encoding="ascii") as f:
        f.write(cfn.as_text(document))
    print(os.path.relpath(path, cfn.ROOT))
