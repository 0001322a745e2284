import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spy.memcached.AddrUtil;
import net.spy.memcached.CASValue;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.ConnectionFactoryBuilder.Protocol;
import net.spy.memcached.FailureMode;
import net.spy.memcached.MemcachedClient;
import net.spy.memcached.internal.OperationFuture;

/** spymemcached in the protocol that is named. Usage: Spymemcached text|binary HOST:PORT... */
public final class Spymemcached {
    private final MemcachedClient client;
    private final boolean isBinary;

    private Spymemcached(String address, boolean isBinary) {
        this.isBinary = isBinary;
        try {
            ConnectionFactoryBuilder builder = new ConnectionFactoryBuilder().setOpTimeout(5000).setFailureMode(FailureMode.Retry);
            builder.setProtocol(isBinary ? Protocol.BINARY : Protocol.TEXT);
            client = new MemcachedClient(builder.build(), AddrUtil.getAddresses(address));
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A write: whether it was done, and the words for it. */
    private void write(String question, java.util.function.Supplier<OperationFuture<Boolean>> call) {
        Transcript.ask(question, () -> {
            OperationFuture<Boolean> future = call.get();
            boolean done = future.get(5, TimeUnit.SECONDS);
            return done + " " + future.getStatus().getMessage() + " " + future.getStatus().getStatusCode();
        });
    }

    private void get(String question, String key) {
        Transcript.ask(question, () -> client.get(key));
    }

    private void values() {
        write("set", () -> client.set("a", 0, "1"));
        get("get", "a");
        get("get of nothing", "none");
        write("set b", () -> client.set("b", 0, "2"));
        Transcript.ask("getBulk", () -> client.getBulk("a", "b", "none"));
        write("add to something", () -> client.add("a", 0, "x"));
        write("add", () -> client.add("new", 0, "x"));
        write("replace", () -> client.replace("a", 0, "1+"));
        write("replace of nothing", () -> client.replace("none", 0, "x"));
        write("append", () -> client.append("a", ">"));
        write("prepend", () -> client.prepend("a", "<"));
        write("append to nothing", () -> client.append("none", "x"));
        get("get of what was put together", "a");
        write("delete", () -> client.delete("a"));
        write("delete of nothing", () -> client.delete("a"));
        write("set of a number", () -> client.set("number", 100, 7));
        get("get of a number", "number");
        write("set of text", () -> client.set("text", 100, "é"));
        get("get of text", "text");
        write("set of an object", () -> client.set("object", 100, new java.util.ArrayList<>(List.of(1, 2, 3))));
        get("get of an object", "object");
        write("set of nothing", () -> client.set("empty", 0, ""));
        get("get of nothing", "empty");
    }

    private void numbersAndUniques() {
        write("set n", () -> client.set("n", 0, "10"));
        Transcript.ask("incr", () -> client.incr("n", 5));
        Transcript.ask("decr below zero", () -> client.decr("n", 20));
        Transcript.ask("incr of nothing", () -> client.incr("none", 1));
        Transcript.ask("incr that begins it", () -> client.incr("begun", 1, 7));
        Transcript.ask("incr of what was begun", () -> client.incr("begun", 1, 7, 100));
        CASValue<Object> held = client.gets("b");
        Transcript.say("gets", held == null ? null : held.getValue() + " " + Transcript.unique(held.getCas()));
        Transcript.ask("gets of nothing", () -> client.gets("none"));
        long cas = held == null ? 1 : held.getCas();
        Transcript.ask("cas", () -> client.cas("b", cas, "22"));
        Transcript.ask("cas that lost", () -> client.cas("b", cas, "23"));
        Transcript.ask("cas of nothing", () -> client.cas("none", cas, "x"));
        write("touch", () -> client.touch("b", 100));
        write("touch of nothing", () -> client.touch("none", 100));
        if (isBinary) { // it has no gat in text
            Transcript.ask("getAndTouch", () -> client.getAndTouch("b", 100).getValue());
            Transcript.ask("getAndTouch of nothing", () -> client.getAndTouch("none", 100));
        }
    }

    private void limits() {
        byte[] large = Transcript.large();
        write("set of a large value", () -> client.set("large", 0, large));
        get("get of a large value", "large");
        Transcript.ask("set with a key too long", () -> client.set("k".repeat(251), 0, "x"));
        Transcript.ask("set of many", () -> {
            List<OperationFuture<Boolean>> all = new java.util.ArrayList<>();
            for (String key : Transcript.many()) all.add(client.set(key, 0, key.substring(86)));
            int stored = 0;
            for (OperationFuture<Boolean> one : all) stored += one.get(5, TimeUnit.SECONDS) ? 1 : 0;
            return stored;
        });
        Transcript.ask("getBulk of many", () -> client.getBulk(Transcript.many()));
        Transcript.ask("getVersions", () -> Transcript.version(client.getVersions().values().iterator().next()));
        Transcript.ask("getStats", () -> Transcript.figures(client.getStats().values().iterator().next()));
        write("set for a second", () -> client.set("second", 1, "x"));
        // In text it takes a refusal for the end of the connection, and waits two seconds before it makes another.
        byte[] noise = new byte[2 << 20];
        new java.util.Random(7).nextBytes(noise);
        write("set of one too large", () -> client.set("large", 0, noise));
    }

    private void afterASecond() {
        get("get after a second", "second");
        get("get of what was too large", "large");
        Transcript.ask("flush_all", () -> client.flush().get(5, TimeUnit.SECONDS));
        get("get after flush_all", "object");
        write("set of a word", () -> client.set("word", 0, "x"));
        Transcript.ask("incr of a word", () -> client.incr("word", 1));
        client.shutdown();
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SLF4JLogger");
        boolean isBinary = arguments.length > 0 && arguments[0].equals("binary");
        String[] addresses = arguments.length == 0 ? arguments : java.util.Arrays.copyOfRange(arguments, 1, arguments.length);
        Transcript.play(addresses, address -> {
            Spymemcached one = new Spymemcached(address, isBinary);
            one.values();
            one.numbersAndUniques();
            one.limits();
            return one::afterASecond;
        });
    }
}
