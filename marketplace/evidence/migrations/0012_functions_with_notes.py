from django.db import migrations

from marketplace.evidence.parties import make_functions


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0011_secret_at_first'),
    ]

    operations = [
        make_functions(),
    ]
