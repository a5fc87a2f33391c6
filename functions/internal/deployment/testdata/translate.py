"""Prints what SAM makes of a template, as JSON: what CloudFormation gets to see."""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Functions have roles of their own: a template that needs AWS's managed policies fails here."""

    @staticmethod
    def load():
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"  # where sam package would have put it
json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)
