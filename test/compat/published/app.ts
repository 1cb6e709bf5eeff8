import init, { 
    SQLiteDB, 
    DatabaseConfig, 
    QueryResult, 
    TransactionOptions,
    IsolationLevel 
} from 'datasync/compat';

export async function main() {
    // Initialize the WASM module
    await init();

    // Create database with full type safety
    const config: DatabaseConfig = {
        name: 'my_app_database',
        version: 1,
        cache_size: 10000,
        page_size: 4096,
        auto_vacuum: true
    };

    console.log('Creating database...');
    const db = new SQLiteDB(config);

    try {
        // Create tables
        await db.execute(`
            CREATE TABLE IF NOT EXISTS users (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                username TEXT UNIQUE NOT NULL,
                email TEXT UNIQUE NOT NULL,
                created_at DATETIME DEFAULT CURRENT_TIMESTAMP
            )
        `);

        await db.execute(`
            CREATE TABLE IF NOT EXISTS posts (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id INTEGER NOT NULL,
                title TEXT NOT NULL,
                content TEXT,
                created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
                FOREIGN KEY (user_id) REFERENCES users(id)
            )
        `);

        // Insert test data with transactions
        const txOptions: TransactionOptions = {
            isolation_level: IsolationLevel.Serializable,
            timeout_ms: 5000
        };

        await db.begin_transaction(txOptions);

        try {
            const userResult: QueryResult = await db.execute(`
                INSERT INTO users (username, email) VALUES 
                ('alice', 'alice@example.com'),
                ('bob', 'bob@example.com')
            `);
            console.log(`Inserted ${userResult.affected_rows} users`);

            const postResult: QueryResult = await db.execute(`
                INSERT INTO posts (user_id, title, content) VALUES 
                (1, 'Hello World', 'This is my first post!'),
                (2, 'Rust + WASM is Amazing', 'Love the type safety and performance')
            `);
            console.log(`Inserted ${postResult.affected_rows} posts`);

            await db.commit();
            console.log('Transaction committed successfully');
        } catch (error) {
            await db.rollback();
            console.error('Transaction failed, rolled back:', error);
            throw error;
        }

        // Query with joins
        const joinResult: QueryResult = await db.execute(`
            SELECT u.username, u.email, p.title, p.content, p.created_at
            FROM users u
            JOIN posts p ON u.id = p.user_id
            ORDER BY p.created_at DESC
        `);

        console.log('Query results:');
        console.log(`Columns: ${joinResult.columns.join(', ')}`);
        console.log(`Execution time: ${joinResult.execution_time_ms.toFixed(2)}ms`);
        
        joinResult.rows.forEach((row, index) => {
            console.log(`Row ${index + 1}:`, row.values.map(v => {
                if (v.type === 'Text') return v.value;
                if (v.type === 'Integer') return v.value;
                if (v.type === 'Null') return null;
                return v.value;
            }));
        });

        // Test persistence - close and reopen
        await db.close();
        
        const db2 = new SQLiteDB(config);
        const persistenceTest: QueryResult = await db2.execute(
            'SELECT COUNT(*) as user_count FROM users'
        );
        
        const userCount = persistenceTest.rows[0].values[0];
        if (userCount.type === 'Integer' && userCount.value === 2) {
            console.log('✅ Data persistence verified!');
        } else {
            console.error('❌ Data persistence failed');
        }

    } catch (error) {
        console.error('Database operation failed:', error);
    }
}

// Run the demo
main().catch(console.error);
