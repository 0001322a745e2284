import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.zip.CRC32;

/** How a client in Java tells what it was answered; as python/transcript.py does. */
final class Transcript {
    static final byte[] TOO_LARGE = new byte[2 << 20];
    private static final List<String> STATS = List.of("pid", "uptime", "time", "version", "curr_connections", "cmd_get", "cmd_set",
            "get_hits", "get_misses", "bytes_read", "bytes_written");

    private Transcript() {}

    static List<String> many() {
        List<String> keys = new ArrayList<>();
        for (int n = 0; n < 1000; n++) keys.add("many:" + "x".repeat(80) + ":" + n);
        return keys;
    }

    static byte[] large() {
        byte[] bytes = new byte[900_000];
        for (int n = 0; n < bytes.length; n++) bytes[n] = (byte) (n * 31);
        return bytes;
    }

    static void say(String question, Object answer) {
        String text = shown(answer).replaceAll("127\\.0\\.0\\.1:\\d+", "SERVER");
        System.out.println(question + ": " + (text.length() <= 240 ? text : text.length() + " characters, " + sum(text)));
    }

    /** Says the answer, or how it was refused, and gives it back. */
    static <T> T ask(String question, Callable<T> call) {
        try {
            T answer = call.call();
            say(question, answer);
            return answer;
        } catch (Exception refusal) {
            Throwable cause = refusal;
            while (cause.getCause() != null) cause = cause.getCause();
            say(question + ", refused", cause.getClass().getSimpleName() + " " + String.valueOf(cause.getMessage()).split(",|\n")[0]);
            return null;
        }
    }

    /** What can be said of a unique, which is another one each time. */
    static String unique(long cas) {
        return cas > 0 && cas < 1L << 53 ? "a unique" : String.valueOf(cas);
    }

    static String version(String text) {
        return text != null && text.matches("\\d+(\\.\\d+)+") ? "digits and dots" : text;
    }

    static List<String> figures(Map<String, String> stats) {
        List<String> there = new ArrayList<>(STATS);
        there.retainAll(stats.keySet());
        return there;
    }

    private static String shown(Object answer) {
        if (answer instanceof byte[] bytes) return Arrays.toString(bytes);
        return answer instanceof Map<?, ?> map ? new TreeMap<>(map).toString() : String.valueOf(answer);
    }

    private static long sum(String text) {
        CRC32 sum = new CRC32();
        sum.update(text.getBytes());
        return sum.getValue();
    }

    /** A conversation gives back what it goes on with when time has passed. */
    static void play(String[] addresses, Function<String, Runnable> conversation) throws InterruptedException {
        List<Runnable> open = new ArrayList<>();
        for (String address : addresses) {
            System.out.println("== " + open.size());
            open.add(conversation.apply(address));
        }
        if (!open.isEmpty()) Thread.sleep(2500);
        for (int number = 0; number < open.size(); number++) {
            System.out.println("== " + number);
            open.get(number).run();
        }
        System.exit(0);
    }
}
