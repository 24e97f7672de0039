"""Queues of moto's SQS, as SES, S3 and SNS fill them."""

import json

import moto


class Queue:
    """server: a moto.Moto."""

    def __init__(self, server, region, name="mail"):
        self.server = server
        self.api = moto.s3.S3("127.0.0.1", server.api.port, server.access,
                              server.secret, region)
        self.url = self.ask("CreateQueue", QueueName=name)["QueueUrl"]

    def ask(self, action, **members):
        body = json.dumps(members).encode()
        c = self.api.connect()
        c.request("POST", "/", body, self.api.signed(
            "POST", "/", "", body, {
                "content-type": "application/x-amz-json-1.0",
                "x-amz-target": "AmazonSQS." + action}, "sqs"))
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        assert r.status == 200, (action, r.status, text)
        return json.loads(text or "{}")

    def send(self, *texts):
        for at in range(0, len(texts), 10):
            self.ask("SendMessageBatch", QueueUrl=self.url, Entries=[
                {"Id": str(i), "MessageBody": t}
                for i, t in enumerate(texts[at:at + 10])])

    def left(self):
        """Messages that are not deleted: (visible, not visible)."""
        a = self.ask("GetQueueAttributes", QueueUrl=self.url,
                     AttributeNames=["All"])["Attributes"]
        return (int(a["ApproximateNumberOfMessages"]),
                int(a["ApproximateNumberOfMessagesNotVisible"]))


def ses(bucket, key, recipients, sender="sender@example.net"):
    """SES's notification of a mail that it has put there."""
    return json.dumps({
        "notificationType": "Received",
        "receipt": {
            "timestamp": "2026-11-29T08:00:00.000Z",
            "processingTimeMillis": 406, "recipients": recipients,
            "spamVerdict": {"status": "PASS"},
            "action": {"type": "S3", "bucketName": bucket,
                       "objectKeyPrefix": key.split("/")[0],
                       "objectKey": key}},
        "mail": {"timestamp": "2026-11-29T08:00:00.000Z", "source": sender,
                 "messageId": key.split("/")[-1],
                 "destination": recipients + ["else@example.com"],
                 "headersTruncated": True, "headers": []}})


def sns(text):
    """The same by SNS."""
    return json.dumps({"Type": "Notification", "MessageId": "1",
                       "TopicArn": "arn:aws:sns:us-east-1:123456789012:mail",
                       "Message": text}, indent=2)


def s3_event(bucket, key, name="ObjectCreated:Put"):
    return json.dumps({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket},
               "object": {"key": moto.urllib.parse.quote_plus(key)}}}]})


TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent",
                         "Bucket": "drop"})
