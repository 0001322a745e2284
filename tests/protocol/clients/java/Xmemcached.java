import java.util.List;
import net.rubyeye.xmemcached.GetsResponse;
import net.rubyeye.xmemcached.MemcachedClient;
import net.rubyeye.xmemcached.XMemcachedClientBuilder;
import net.rubyeye.xmemcached.command.BinaryCommandFactory;
import net.rubyeye.xmemcached.utils.AddrUtil;

/** xmemcached in the protocol that is named. Usage: Xmemcached text|binary HOST:PORT... */
public final class Xmemcached {
    private final MemcachedClient client;

    private Xmemcached(String address, boolean isBinary) {
        try {
            XMemcachedClientBuilder builder = new XMemcachedClientBuilder(AddrUtil.getAddresses(address));
            if (isBinary) builder.setCommandFactory(new BinaryCommandFactory());
            builder.setOpTimeout(5000);
            client = builder.build();
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void get(String question, String key) {
        Transcript.ask(question, () -> client.get(key));
    }

    private void values() {
        Transcript.ask("set", () -> client.set("a", 0, "1"));
        get("get", "a");
        get("get of nothing", "none");
        Transcript.ask("set b", () -> client.set("b", 0, "2"));
        Transcript.ask("get of several", () -> client.get(List.of("a", "b", "none")));
        Transcript.ask("add to something", () -> client.add("a", 0, "x"));
        Transcript.ask("add", () -> client.add("new", 0, "x"));
        Transcript.ask("replace", () -> client.replace("a", 0, "1+"));
        Transcript.ask("replace of nothing", () -> client.replace("none", 0, "x"));
        Transcript.ask("append", () -> client.append("a", ">"));
        Transcript.ask("prepend", () -> client.prepend("a", "<"));
        Transcript.ask("append to nothing", () -> client.append("none", "x"));
        get("get of what was put together", "a");
        Transcript.ask("delete", () -> client.delete("a"));
        Transcript.ask("delete of nothing", () -> client.delete("a"));
        Transcript.ask("set of a number", () -> client.set("number", 100, 7));
        get("get of a number", "number");
        Transcript.ask("set of text", () -> client.set("text", 100, "é"));
        get("get of text", "text");
        Transcript.ask("set of an object", () -> client.set("object", 100, new java.util.ArrayList<>(List.of(1, 2, 3))));
        get("get of an object", "object");
        Transcript.ask("set of nothing", () -> client.set("empty", 0, ""));
        get("get of nothing", "empty");
        Transcript.ask("set without an answer", () -> {
            client.setWithNoReply("quiet", 0, "x");
            return client.get("quiet");
        });
        Transcript.ask("delete without an answer", () -> {
            client.deleteWithNoReply("quiet");
            return client.get("quiet");
        });
    }

    private void numbersAndUniques() {
        Transcript.ask("incr that begins it", () -> client.incr("n", 5, 10));
        Transcript.ask("incr", () -> client.incr("n", 5));
        Transcript.ask("decr below zero", () -> client.decr("n", 20));
        Transcript.ask("decr that begins it", () -> client.decr("m", 5, 7));
        Transcript.ask("incr of a word", () -> client.incr("new", 1));
        GetsResponse<Object> held = Transcript.ask("gets of nothing", () -> client.gets("none"));
        try {
            held = client.gets("b");
        } catch (Exception refusal) {
            Transcript.say("gets, refused", refusal.getMessage());
        }
        Transcript.say("gets", held == null ? null : held.getValue() + " " + Transcript.unique(held.getCas()));
        long cas = held == null ? 1 : held.getCas();
        Transcript.ask("cas", () -> client.cas("b", 0, "22", cas));
        Transcript.ask("cas that lost", () -> client.cas("b", 0, "23", cas));
        Transcript.ask("cas of nothing", () -> client.cas("none", 0, "x", cas));
        Transcript.ask("gets of several", () -> client.gets(List.of("b", "none")).keySet());
        Transcript.ask("touch", () -> client.touch("b", 100));
        Transcript.ask("touch of nothing", () -> client.touch("none", 100));
        Transcript.ask("getAndTouch", () -> client.getAndTouch("b", 100));
    }

    private void limits() {
        byte[] large = Transcript.large();
        Transcript.ask("set of a large value", () -> client.set("large", 0, large));
        get("get of a large value", "large");
        Transcript.ask("set with a key too long", () -> client.set("k".repeat(251), 0, "x"));
        Transcript.ask("set of many", () -> {
            int stored = 0;
            for (String key : Transcript.many()) stored += client.set(key, 0, key.substring(86)) ? 1 : 0;
            return stored;
        });
        Transcript.ask("get of many", () -> client.get(Transcript.many()));
        Transcript.ask("gets of many", () -> client.gets(Transcript.many()).size());
        Transcript.ask("getVersions", () -> Transcript.version(client.getVersions().values().iterator().next()));
        Transcript.ask("getStats", () -> Transcript.figures(client.getStats().values().iterator().next()));
        Transcript.ask("set for a second", () -> client.set("second", 1, "x"));
    }

    private void afterASecond() {
        get("get after a second", "second");
        Transcript.ask("flush_all", () -> {
            client.flushAll();
            return "done";
        });
        get("get after flush_all", "object");
        Transcript.ask("shutdown", () -> {
            client.shutdown();
            return "done";
        });
    }

    public static void main(String[] arguments) throws Exception {
        boolean isBinary = arguments.length > 0 && arguments[0].equals("binary");
        String[] addresses = arguments.length == 0 ? arguments : java.util.Arrays.copyOfRange(arguments, 1, arguments.length);
        Transcript.play(addresses, address -> {
            Xmemcached one = new Xmemcached(address, isBinary);
            one.values();
            one.numbersAndUniques();
            one.limits();
            return one::afterASecond;
        });
    }
}
