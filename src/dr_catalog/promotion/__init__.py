"""Where the catalog's versions stand on their way through the stages, and a local run of the pipeline.

    run:      the commit -> a clean copy -> the synthesised pipeline -> its actions, one after the other
    standing: each stage's Service Catalog -> which version is what in which stage, and what differs
    changes:  the commit's default against the next stage's -> what its tenants will meet

There is no second copy of the pipeline's steps: `template` reads stages, actions, projects and build
specifications from the template that would be deployed, and `shell` runs their commands.
"""
