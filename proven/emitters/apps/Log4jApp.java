// log4j2; the layout is in the file that the property log4j2.configurationFile names.
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.ThreadContext;

public class Log4jApp {
    public static void main(String[] arguments) {
        Logger log = LogManager.getLogger("shop.orders");
        log.debug("not shown by default");
        log.info("started");
        log.warn("disk nearly full: {}", 0.91);
        log.error("payment refused");
        ThreadContext.put("order", "18");
        try {
            Integer.parseInt("total");
        } catch (NumberFormatException error) {
            log.error("order failed", error);
        }
        log.fatal("shutting down");
    }
}
