// logback without a configuration.
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public class LogbackApp {
    public static void main(String[] arguments) {
        Logger log = LoggerFactory.getLogger("shop.orders");
        log.debug("cache is cold");
        log.info("started");
        log.warn("disk nearly full: {}", 0.91);
        log.error("payment refused");
        try {
            Integer.parseInt("total");
        } catch (NumberFormatException error) {
            log.error("order failed", error);
        }
    }
}
