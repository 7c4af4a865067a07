// Fastify with fastify-metrics, as its documentation begins; the argument is the port.
const fastify = require("fastify")();

fastify.register(require("fastify-metrics"), { endpoint: "/metrics" });
fastify.get("/items/:item", async () => ({ item: 1 }));
fastify.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
