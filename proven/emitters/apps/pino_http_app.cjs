// pino-http as it is without options, in front of Node's own server.
const http = require("node:http");
const logger = require("pino-http")();

const server = http.createServer((request, response) => {
  logger(request, response);
  if (request.url === "/broken") {
    response.err = new Error("no database");
    response.statusCode = 500;
  } else if (request.url !== "/orders?page=2") {
    response.statusCode = 404;
  } else {
    request.log.info("found two orders");
  }
  response.end();
});
server.listen(0, "127.0.0.1", async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  for (const path of ["/orders?page=2", "/nothing", "/broken"]) {
    await (await fetch(base + path, { headers: { connection: "close" } })).text();
  }
  server.close();
});
