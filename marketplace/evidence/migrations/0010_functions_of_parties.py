from django.db import migrations

from marketplace.evidence.parties import make_functions


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0009_parties_of_records'),
    ]

    operations = [
        make_functions(),
    ]
