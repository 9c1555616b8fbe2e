"""The review desk: pages in the browser where people verify what the machine passed and decide the rest.

It needs the packages of the extra ``review``; nothing else of defacto does.
"""
