"""Messages through a RabbitMQ, for as long as it is there; the argument is its port."""

import sys
import time

import pika

connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(sys.argv[1])))
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare("orders", durable=True)
for queue in ("orders", "dead"):
    channel.queue_declare(queue, durable=True)
channel.basic_consume("orders", lambda one, got, *_: one.basic_ack(got.delivery_tag))
while True:
    channel.basic_publish("", "orders", b"an order")
    channel.basic_publish("", "dead", b"an order")
    channel.basic_get("dead", auto_ack=True)
    connection.process_data_events(0)
    time.sleep(0.05)
