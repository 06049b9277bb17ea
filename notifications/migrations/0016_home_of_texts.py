from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0015_halt_reasons")]

    operations = [
        migrations.AddField(
            model_name="epoch",
            name="home",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
